"""Every refusal of the house. Errors know no HTTP; `api/errors.py` gives each its status.

GovernanceError
├── InvalidInput            a value breaks a rule of form: names field, value and rule
├── NotFound                no such row for this caller
├── Forbidden               the caller lacks the role
│   └── SignatureRefused    a signature is not by whom, or not over what, it should be
├── Conflict                the state of things does not allow it (now)
│   ├── IllegalTransition   the state machine has no such step
│   ├── GuardrailBreached   rule, limit and value
│   ├── AlreadyRecorded     the same thing came in before, with other content
│   └── ConsentRequired     once first set, this changes by consent only
├── Expired                 its time has passed
├── Paused                  the DAO paused its machine
├── ModelUnavailable        a model cannot load or gives no usable numbers
├── LogDiscontinuity        the stored log is older than, or differs from, what was signed
└── ConfigurationError      a setting or secret is missing or unusable
"""

from collections.abc import Mapping


class GovernanceError(Exception):
    """Root of all refusals. `code` is stable for clients; `details` are the values that decided, safe to show."""

    code = "refused"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, object] = details


class InvalidInput(GovernanceError):
    """A value breaks a rule of form."""

    code = "invalid_input"

    def __init__(self, field: str, value: object, rule: str) -> None:
        shown = value if isinstance(value, (int, bool, type(None))) else str(value)[:120]
        super().__init__(f"{field}: {rule}", field=field, value=shown, rule=rule)


class NotFound(GovernanceError):
    """There is no such row."""

    code = "not_found"

    def __init__(self, noun: str, key: str) -> None:
        super().__init__(f"no {noun} {key[:120]!r}", noun=noun, key=key[:120])


class Forbidden(GovernanceError):
    """The caller lacks the role."""

    code = "forbidden"


class SignatureRefused(Forbidden):
    """A signature is not by whom, or not over what, it should be."""

    code = "signature_refused"


class Conflict(GovernanceError):
    """The state of things does not allow it now."""

    code = "conflict"


class IllegalTransition(Conflict):
    """The state machine has no such step."""

    code = "illegal_transition"


class GuardrailBreached(Conflict):
    """A guardrail refuses a change; it is sent back whole, never clipped."""

    code = "guardrail_breached"

    def __init__(self, rule: str, limit: object, value: object) -> None:
        super().__init__(f"guardrail {rule}: limit {limit}, value {value}", rule=rule, limit=str(limit), value=str(value))
        self.rule = rule


class AlreadyRecorded(Conflict):
    """The same thing came in before, with other content."""

    code = "already_recorded"


class ConsentRequired(Conflict):
    """Once first set, this changes by the DAO's consent only."""

    code = "consent_required"


class Expired(GovernanceError):
    """Its time has passed."""

    code = "expired"


class Paused(GovernanceError):
    """The DAO paused its machine."""

    code = "paused"


class ModelUnavailable(GovernanceError):
    """A model cannot load or gives no usable numbers."""

    code = "model_unavailable"


class LogDiscontinuity(GovernanceError):
    """The stored log is older than, or differs from, what was signed."""

    code = "log_discontinuity"


class ConfigurationError(GovernanceError):
    """A setting or secret is missing or unusable."""

    code = "configuration_error"
