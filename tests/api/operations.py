"""The API's operations as its OpenAPI document lists them, and who may use each: the one table of the authorisation tests."""

import re
from dataclasses import dataclass

from fastapi import FastAPI

from governance.actors import Role

_METHODS = ("get", "put", "post", "patch", "delete")
EVERYONE: frozenset[Role] = frozenset()
ADMIN = frozenset({Role.ADMIN})
INGESTER = frozenset({Role.INGESTER})
PROPOSER = frozenset({Role.PROPOSER})
EXECUTOR = frozenset({Role.EXECUTOR})
GUARDIAN = frozenset({Role.GUARDIAN})

# operationId -> the roles that may use it; EVERYONE: open, no key needed.
WHO_MAY = {
    "getLiveness": EVERYONE,
    "getReadiness": EVERYONE,
    "getVersion": EVERYONE,
    "registerDao": ADMIN,
    "listDaos": EVERYONE,
    "getDao": EVERYONE,
    "getDaoHealth": EVERYONE,
    "advanceClock": ADMIN,
    "setDelegates": ADMIN,
    "getDelegates": EVERYONE,
    "listDelegateVersions": EVERYONE,
    "getDelegateQueue": EVERYONE,
    "findProposals": EVERYONE,
    "getProposal": EVERYONE,
    "ingestProposals": INGESTER,
    "listProposals": EVERYONE,
    "importRows": INGESTER,
    "listImportRefusals": INGESTER,
    "analyseTexts": INGESTER,
    "getSentiment": EVERYONE,
    "getStance": EVERYONE,
    "getReading": EVERYONE,
    "getArguments": EVERYONE,
    "listTopics": EVERYONE,
    "listSimilarProposals": EVERYONE,
    "getMood": EVERYONE,
    "listTopicMoods": EVERYONE,
    "getMoodAlarm": EVERYONE,
    "getProposalMood": EVERYONE,
    "getAccountLink": EVERYONE,
    "getForecast": EVERYONE,
    "makeForecast": INGESTER,
    "listForecasts": EVERYONE,
    "getVoters": EVERYONE,
    "getFlags": EVERYONE,
    "recordFlags": INGESTER,
    "makeTextVectors": INGESTER,
    "getTally": EVERYONE,
    "ingestVotes": INGESTER,
    "listVotes": EVERYONE,
    "ingestPosts": INGESTER,
    "listPosts": EVERYONE,
    "ingestObservations": INGESTER,
    "listObservations": EVERYONE,
    "setObjective": PROPOSER,
    "listObjectives": EVERYONE,
    "getObjective": EVERYONE,
    "registerParameter": PROPOSER,
    "listParameters": EVERYONE,
    "getParameter": EVERYONE,
    "getParameterHistory": EVERYONE,
    "simulateChange": EVERYONE,
    "setGuardrail": PROPOSER,
    "getGuardrail": EVERYONE,
    "listGuardrailVersions": EVERYONE,
    "askForRecommendation": PROPOSER,
    "listRecommendations": EVERYONE,
    "listAbstentions": EVERYONE,
    "getRecommendation": EVERYONE,
    "getRecommendationInputs": EVERYONE,
    "getAbstention": EVERYONE,
    "withdrawRecommendation": PROPOSER,
    "verifyRecommendation": frozenset({Role.PROPOSER, Role.AUDITOR}),
    "listVerifications": EVERYONE,
    "proposeChange": PROPOSER,
    "exportLog": frozenset({Role.AUDITOR}),
    "getConsentTypedData": EVERYONE,
    "recordConsent": frozenset({Role.APPROVER}),
    "listConsents": EVERYONE,
    "getApproval": EVERYONE,
    "scheduleExecution": frozenset({Role.PROPOSER, Role.EXECUTOR}),
    "getExecutionOfRecommendation": EVERYONE,
    "expireRecommendation": EXECUTOR,
    "listDueWork": EVERYONE,
    "getExecution": EVERYONE,
    "listExecutions": EVERYONE,
    "cancelExecution": GUARDIAN,
    "takeExecutionStep": EXECUTOR,
    "getPause": EVERYONE,
    "setPause": GUARDIAN,
    "askToClearPause": GUARDIAN,
    "makeOverride": GUARDIAN,
    "listOverrides": EVERYONE,
    "getCheckpoint": EVERYONE,
    "listCheckpoints": EVERYONE,
    "getConsistency": EVERYONE,
    "listEntries": EVERYONE,
    "getEntry": EVERYONE,
    "getInclusionProof": EVERYONE,
    "getDecision": EVERYONE,
    "getTile": EVERYONE,
    "rotateLogKey": ADMIN,
    "listModels": EVERYONE,
    "getModel": EVERYONE,
    "retrainOutcome": ADMIN,
    "retrainText": ADMIN,
    "listKeys": ADMIN,
    "issueKey": ADMIN,
    "revokeKey": ADMIN,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it is called."""

    id: str
    method: str
    path: str

    @property
    def writes(self) -> bool:
        """Whether it takes a body or changes something."""
        return self.method != "GET"

    def url(self, **values: str) -> str:
        """The path with `values` in it, and harmless ids where none is given."""
        return re.sub(
            r"\{(\w+)(?::\w+)?\}", lambda found: values.get(found[1], "0" if found[1] in {"seq", "path"} else "nothing"), self.path
        )


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of the document, in order."""
    return [
        Operation(operation["operationId"], method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method, operation in methods.items()
        if method in _METHODS
    ]
