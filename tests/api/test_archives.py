"""What is laid out of an archive stays in its folder, and is nothing but files."""

import io
import tarfile
from pathlib import Path

import httpx
import pytest

from api.archives import lay_out
from api.commands.connection import ApiClient
from api.commands.log import save_export
from api.commands.output import CommandFailed


def archived(*members: tuple[str, bytes, bytes]) -> bytes:
    """An archive of (name, tar's type, content)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        for name, kind, content in members:
            found = tarfile.TarInfo(name)
            found.type, found.size, found.mode, found.linkname = kind, len(content), 0o7777, "/etc/passwd"
            tar.addfile(found, io.BytesIO(content))
    return data.getvalue()


def an_archive(*members: tuple[str, bytes, bytes]) -> tarfile.TarFile:
    """The same, opened."""
    return tarfile.open(fileobj=io.BytesIO(archived(*members)))


def test_files_and_folders_are_laid_out(tmp_path: Path) -> None:
    """As their bytes, without the modes that the archive asks for."""
    lay_out(
        an_archive(("tile", tarfile.DIRTYPE, b""), ("tile/0/x001", tarfile.REGTYPE, b"leaf"), ("./about", tarfile.REGTYPE, b"")), tmp_path
    )

    assert {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == {
        "tile/0/x001": b"leaf",
        "about": b"",
    }
    assert (tmp_path / "tile/0/x001").stat().st_mode & 0o7111 == 0


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../outside", tarfile.REGTYPE),
        ("a/../../outside", tarfile.REGTYPE),
        ("/outside-of-it", tarfile.REGTYPE),
        ("link", tarfile.SYMTYPE),
        ("hard", tarfile.LNKTYPE),
        ("pipe", tarfile.FIFOTYPE),
        ("../folder", tarfile.DIRTYPE),
    ],
)
def test_what_leads_out_or_is_no_file_is_refused(tmp_path: Path, name: str, kind: bytes) -> None:
    """An archive may come from anybody."""
    (tmp_path / "in").mkdir()
    with pytest.raises(tarfile.TarError, match="neither a plain file"):
        lay_out(an_archive((name, kind, b"")), tmp_path / "in")

    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


@pytest.mark.parametrize(
    "sent", [b"", b"no archive", archived(("link", tarfile.SYMTYPE, b"")), archived(("a", tarfile.REGTYPE, b"x" * 9_000))[:2_000]]
)
def test_an_export_that_cannot_be_laid_out_is_refused_in_one_line(tmp_path: Path, sent: bytes) -> None:
    """An auditor asks a server that they do not trust."""
    server = httpx.MockTransport(lambda _: httpx.Response(200, content=sent))
    with ApiClient(transport=server, base_url="http://server") as api, pytest.raises(CommandFailed, match="cannot be laid out"):
        save_export(api, tmp_path / "export")
