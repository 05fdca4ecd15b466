"""What auditors and admins ask of the log as a whole: an export of it, and another signing key."""

import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlmodel import Session

from api.dependencies import ClockDep, ReadDep, SignerDep, WriterDep, require
from api.errors import problems
from api.log_export import export_log
from api.log_serving import head_of
from governance.actors import Actor, Role
from governance.errors import LogDiscontinuity
from governance.workflow.open_log import record_export, rotate_key

router = APIRouter()
_CHUNK = 1 << 16


class Archive(StreamingResponse):
    """An export as a tar file."""

    media_type = "application/x-tar"


class RotationOut(BaseModel):
    """The key that signs from here on."""

    seq: int = Field(description="The number of the entry that says so.", examples=[42])
    vkey: str = Field(
        description="The new verifier key.", examples=["example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"]
    )
    checkpoint: str = Field(description="The first head that the new key signed.")


@router.post("/exports", operation_id="exportLog", response_class=Archive, responses=problems(LogDiscontinuity))
def export(
    session: ReadDep, writer: WriterDep, signer: SignerDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.AUDITOR))]
) -> Archive:
    """The whole log as files, in one tar: tiles, entries, blobs, keys, policy, checkpoint. The export is itself logged.

    Unpack it and run `assent log verify DIR`, or any other C2SP verifier. Nothing else of this deployment is needed.
    """
    size = head_of(signer.last_note()).size
    writer.run(lambda unit: record_export(unit, size=size, actor=actor, now=clock()))
    return Archive(_tar(session, signer.last_note()), headers={"Content-Disposition": 'attachment; filename="decision-log.tar"'})


@router.post(
    "/key-rotations", operation_id="rotateLogKey", status_code=201, response_model=RotationOut, responses=problems(LogDiscontinuity)
)
def rotate_log_key(
    writer: WriterDep, signer: SignerDep, clock: ClockDep, actor: Annotated[Actor, Depends(require(Role.ADMIN))]
) -> RotationOut:
    """Change the key that signs the log. The change is an entry signed by both keys; auditors follow it from the old key."""
    old, new = signer.key, signer.keys.prepare_next()
    appended = writer.run(lambda unit: rotate_key(unit, origin=signer.origin, old=old, new=new, actor=actor, now=clock()))
    return RotationOut(seq=appended.seq, vkey=new.verifier.text(), checkpoint=signer.last_note())


def _tar(session: Session, note: str) -> Iterator[bytes]:
    """The export, made in a temporary folder and sent piece by piece; equal logs give equal bytes."""
    with tempfile.TemporaryDirectory() as name, Session(session.get_bind()) as own:
        folder = Path(name) / "log"
        export_log(own, folder, note=note)
        archive = Path(name) / "log.tar"
        with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    tar.add(path, path.relative_to(folder).as_posix(), filter=_plain)
        with archive.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, 0, "", "", 0o644
    return info
