"""Archives that somebody else made, laid into a folder."""

import shutil
import tarfile
from pathlib import Path, PurePosixPath


def lay_out(tar: tarfile.TarFile, folder: Path) -> None:
    """The archive's files under `folder`, which must exist; by hand, as tarfile's own filters are not in Python before 3.11.4.

    Owners, modes, times and links are not taken over. Raises `tarfile.TarError` for anything but plain files and folders, and for a
    name that leads out of `folder`.
    """
    for member in tar:
        name = PurePosixPath(member.name)
        if name.is_absolute() or ".." in name.parts or not (member.isfile() or member.isdir()):
            raise tarfile.TarError(f"{member.name!r} is neither a plain file nor a folder of the archive's own")
        place = folder / name
        if member.isdir():
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        content = tar.extractfile(member)
        if content is not None:
            with content, place.open("wb") as file:
                shutil.copyfileobj(content, file)
