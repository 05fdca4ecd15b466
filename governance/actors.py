"""Who acts: a person, a model or the system, and the roles that keep their powers apart."""

from dataclasses import dataclass
from enum import StrEnum

from governance.errors import Forbidden


class Role(StrEnum):
    """What an actor may do. Roles are separate: holding one never implies another, `admin` included."""

    ADMIN = "admin"
    INGESTER = "ingester"
    PROPOSER = "proposer"
    APPROVER = "approver"
    EXECUTOR = "executor"
    GUARDIAN = "guardian"
    AUDITOR = "auditor"


class ActorKind(StrEnum):
    """What an actor is."""

    HUMAN = "human"
    MODEL = "model"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it and how they were known. `dao_id` None: the actor's roles hold for every DAO."""

    kind: ActorKind
    id: str
    auth: str
    roles: frozenset[Role] = frozenset()
    dao_id: str | None = None

    def must_be(self, role: Role, dao_id: str | None = None) -> None:
        """Raise `Forbidden` unless the actor has `role` (for `dao_id`, when given)."""
        if role not in self.roles:
            raise Forbidden(f"this needs the role {role.value}", role=role.value)
        if self.dao_id is not None and dao_id != self.dao_id:
            raise Forbidden("this key is for another DAO", role=role.value)


SYSTEM = Actor(ActorKind.SYSTEM, "assent", "internal")
