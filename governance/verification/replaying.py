"""Plays the log again from its first entry, and finds every entry that could not lawfully have come next."""

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from governance.verification import standing
from governance.verification.entries import BadEntry, Entry
from governance.verification.report import Report, Verdict
from governance.verification.standing import Dao, sha256_of
from governance.verification.states import FINAL, STEPS
from governance.verification.stories import Story, made, step
from governance.verification.strict_json import NotCanonical, parse

Recommend = Callable[[Mapping[str, object]], Mapping[str, object]]
_SHA256 = re.compile("[0-9a-f]{64}")
_STANDING: dict[str, Callable[[Dao, Entry], None]] = {
    "delegates.set": standing.set_delegates,
    "parameter.registered": standing.register_parameter,
    "guardrail.set": standing.set_guardrail,
    "pause.set": standing.pause,
    "pause.cleared": standing.pause,
}


class Replay:
    """The state of the world at the entry reached. What is final is reduced to its name and state."""

    def __init__(self, folder: Path, report: Report, *, recommend: Recommend | None, keep_consents: bool) -> None:
        self._folder = folder
        self._report = report
        self._recommend = recommend
        self._keep_consents = keep_consents
        self._daos: dict[str, Dao] = {}
        self._stories: dict[str, Story] = {}
        self.blobs: set[bytes] = set()

    def add(self, entry: Entry) -> None:
        """Take the next entry; `BadEntry` when it could not lawfully follow. What it says is taken over as far as it goes."""
        self.blobs.update(bytes.fromhex(sha256) for sha256 in blob_references(entry.data))
        if entry.kind == "recommendation.made":
            self._made(entry)
        elif entry.kind == "recommendation.abstained":
            self._abstained(entry)
        elif entry.kind in STEPS:
            self._step(entry)
        elif entry.kind in _STANDING:
            _STANDING[entry.kind](self._dao(entry), entry)

    def finish(self) -> None:
        """After the last entry: what was executed must have been put in force; then tell the report where all stands."""
        for name, dao in self._daos.items():
            if dao.granted:
                self._report.add("consent.unapplied", f"{name}: an executed change of rules was never put in force")
        state = self._report.state
        for story in self._stories.values():
            state.recommendations[story.id] = (story.state, story.version)
            state.documents[story.id] = story.digest
        for name, dao in self._daos.items():
            state.paused[name] = dao.paused
            state.nonces.update({f"{name}/{nonce}": story for nonce, story in dao.nonces.items()})
            if dao.electorate is not None:
                state.electorates[name] = (dao.electorate.version, dao.electorate.sha256)
            for governed in dao.parameters.values():
                state.parameters[governed.id] = governed.value
                if governed.rail is not None:
                    state.guardrails[governed.id] = (governed.rail.version, governed.rail.sha256)

    def _dao(self, entry: Entry) -> Dao:
        if entry.dao is None:
            raise BadEntry("entry.dao", f"{entry.kind} is about one DAO")
        return self._daos.setdefault(entry.dao, Dao())

    def _made(self, entry: Entry) -> None:
        self._dao(entry)
        story = made(entry)
        if story.id != _recommendation_id(story.digest) or story.id in self._stories:
            raise BadEntry("recommendation.once", f"the recommendation {story.id} was made before, or its id is not its digest's")
        self._stories[story.id] = story
        self._report.recommendations += 1
        self._replay(entry)

    def _abstained(self, entry: Entry) -> None:
        document, inputs = entry.data["document"], entry.data["inputs"]
        if sha256_of(document) != entry.data["digest"]:
            raise BadEntry("recommendation.digest", "the digest is not that of the document")
        if not isinstance(document, dict) or document.get("dao") != entry.dao or inputs != {"sha256": document.get("inputs_sha256")}:
            raise BadEntry("recommendation.document", "the document is of another DAO, or names other inputs")
        self._report.recommendations += 1
        self._replay(entry)

    def _step(self, entry: Entry) -> None:
        story = self._stories.get(entry.subject.get("recommendation", ""))
        if story is None or entry.subject.get("digest", story.digest) != story.digest or story.dao != entry.dao:
            raise BadEntry("state.unknown", "the entry is about a recommendation that this DAO was never given")
        if entry.kind == "recommendation.superseded" and entry.data["by"] in {None, story.id}:
            raise BadEntry("recommendation.superseded", "superseded by nothing")
        step(story, self._dao(entry), entry)
        if entry.kind == "consent.recorded":
            self._report.consents += 1
            if self._keep_consents:
                key = f"{story.id}/{entry.data['consent']['delegate']}/{entry.data['support']}"
                self._report.state.consents[key] = str(entry.data["signature"])
        if entry.kind == "approval.recorded":
            self._report.state.approvals[story.id] = str(entry.data["approval_digest"])
        elif entry.kind == "approval.recounted":
            self._report.state.approvals.pop(story.id, None)
        if story.state in FINAL and not self._keep_consents:
            self._report.state.approvals.pop(story.id, None)

    def _replay(self, entry: Entry) -> None:
        """The document follows from the logged inputs, byte for byte, by the rules it names."""
        if self._recommend is None:
            return
        blob = self._folder / "blobs" / str(entry.data["inputs"]["sha256"])
        if _SHA256.fullmatch(blob.name) is None or not blob.is_file():
            return  # found missing with the other blobs
        started = time.perf_counter()
        try:
            inputs: Any = parse(blob.read_bytes())
            again = self._recommend(inputs)
            same = sha256_of(json.loads(json.dumps(again))) == entry.data["digest"]
        except NotCanonical as error:
            raise BadEntry("recommendation.inputs", f"the inputs are not canonical: {error}") from error
        except Exception as error:  # the rules are the caller's, and may refuse tampered inputs in ways unknown here
            raise BadEntry("recommendation.replay", f"the rules refuse the logged inputs: {error}") from error
        finally:
            self._report.replay_seconds += time.perf_counter() - started
        self._report.replayed_recommendations += 1
        if not same:
            raise BadEntry("recommendation.replay", "the document does not follow from its logged inputs")

    def check_blobs(self, present: set[str], *, lost: bool) -> None:
        """Every blob that an entry names is there and is what its name says; no other is (lost entries may name it)."""
        wanted = {f"blobs/{sha256.hex()}" for sha256 in self.blobs}
        for name in sorted(wanted - present):
            self._report.add("blob.missing", "an entry names this blob", Verdict.INCOMPLETE, file=name)
        for name in sorted(set() if lost else present - wanted):
            self._report.add("layout.unknown", "no entry names this blob", file=name)
        for name in sorted(present if lost else wanted & present):
            if _sha256_of_file(self._folder / name) != Path(name).name:
                self._report.add("blob.content", "the blob is not what its name says", file=name)


def blob_references(value: object) -> Iterator[str]:
    """The SHA-256 in every object that holds nothing else: the name of a blob."""
    if isinstance(value, dict):
        if len(value) == 1 and _SHA256.fullmatch(str(value.get("sha256"))):
            yield str(value["sha256"])
        else:
            for item in value.values():
                yield from blob_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from blob_references(item)


def _recommendation_id(digest: str) -> str:
    return "rec_" + base64.b32encode(bytes.fromhex(digest)[:16]).decode().rstrip("=").lower()


def _sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
