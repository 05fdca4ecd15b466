"""The file of the promoted outcome model: made to agree with what the database says serves."""

from sqlmodel import Session

from api.models import promoted_folder
from api.settings import Settings
from governance.errors import ModelUnavailable
from governance.records import model_versions
from governance.records.model_versions import OUTCOME
from nlp.model_store import find_weights, read_weights, store_weights


def write_champion(settings: Settings, session: Session) -> bool:
    """Put the champion's weights and manifest where the forecaster looks; whether anything had to be changed.

    The database decides: a promotion that was committed and not yet written (a crash) is written now, and a file that no
    champion stands behind (a restored backup) no longer serves. Each file is replaced whole, weights before manifest.
    """
    folder = promoted_folder(settings)
    champion = model_versions.champion(session, OUTCOME)
    if champion is None:
        manifest = folder / f"{OUTCOME}.json"
        stale = manifest.exists()
        manifest.unlink(missing_ok=True)
        return stale
    try:
        stored = find_weights(OUTCOME, folder)
        read_weights(stored)
        if stored.sha256 == champion.sha256:
            return False
    except ModelUnavailable:  # missing, torn or not what was promoted: written anew below
        pass
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = {"model": "assent outcome forecast", "trained_on": f"{champion.body['data']['trained']} results of this deployment"}
    store_weights(OUTCOME, model_versions.weights(session, champion), folder, about=about)
    return True
