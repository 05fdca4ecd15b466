"""The files of promoted models: made to agree with what the database says serves."""

from sqlmodel import Session

from api.models import promoted_folder
from api.settings import Settings
from governance.errors import ModelUnavailable
from governance.records import model_versions
from governance.records.model_versions import OUTCOME, TEXT
from nlp.model_store import find_weights, read_weights, store_weights

# What a manifest calls each model, and what it learnt from.
_NAMES = {OUTCOME: ("outcome forecast", "results"), TEXT: ("text reader", "vote reasons")}


def write_champion(settings: Settings, session: Session, task: str = OUTCOME) -> bool:
    """Put the weights and manifest of the task's champion where its model looks; whether anything had to be changed.

    The database decides: a promotion that was committed and not yet written (a crash) is written now, and a file that no
    champion stands behind (a restored backup) no longer serves. Each file is replaced whole, weights before manifest.
    """
    folder = promoted_folder(settings)
    champion = model_versions.champion(session, task)
    if champion is None:
        manifest = folder / f"{task}.json"
        stale = manifest.exists()
        manifest.unlink(missing_ok=True)
        return stale
    try:
        stored = find_weights(task, folder)
        read_weights(stored)
        if stored.sha256 == champion.sha256:
            return False
    except ModelUnavailable:  # missing, torn or not what was promoted: written anew below
        pass
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    about = {"model": f"assent {_NAMES[task][0]}", "trained_on": f"{champion.body['data']['trained']} {_NAMES[task][1]} of this deployment"}
    store_weights(task, model_versions.weights(session, champion), folder, about=about)
    return True
