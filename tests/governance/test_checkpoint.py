"""Checkpoints: what others sign verifies here, and nothing altered does."""

import pytest

from governance.checkpoint import (
    Checkpoint,
    VerifierKey,
    new_signer_key,
    parse_checkpoint,
    parse_signer_key,
    parse_verifier_key,
    rotation_data,
    rotation_statement,
    sign,
    sign_text,
    verify,
    verify_checkpoint,
)
from governance.errors import ConfigurationError, GovernanceError, InvalidInput, SignatureRefused

# The example of c2sp.org/signed-note v1.0.0, with the verifier key given there.
C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
# The example of the package golang.org/x/mod/sumdb/note.
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

ORIGIN = "assent.test/log"
HEAD = Checkpoint(ORIGIN, 3, bytes(range(32)))


def test_the_example_of_the_standard_verifies() -> None:
    """A verifier that does not take the standard's own note would be of no use to anyone else's log."""
    assert verify(C2SP_NOTE, [parse_verifier_key(C2SP_KEY)]).text == "This is an example message.\n"


def test_a_note_is_signed_byte_for_byte_as_the_go_package_signs_it() -> None:
    """Ed25519 is deterministic, so two implementations that agree give the same bytes."""
    key = parse_signer_key(GO_SECRET)

    assert key.verifier.text() == GO_VKEY
    assert key.secret() == GO_SECRET
    assert sign_text(GO_TEXT, [key]) == f"{GO_TEXT}\n{GO_LINE}"


def test_every_changed_byte_of_a_checkpoint_is_refused() -> None:
    """The note is what an auditor keeps; no byte of it may be open to doubt."""
    key = new_signer_key(ORIGIN)
    note = sign(HEAD, [key]).encode()
    assert verify_checkpoint(note.decode(), [key.verifier]) == HEAD

    for at in range(len(note)):
        for mask in (1, 0x20, 0x80):
            changed = note[:at] + bytes([note[at] ^ mask]) + note[at + 1 :]
            with pytest.raises((GovernanceError, UnicodeDecodeError)):
                verify_checkpoint(changed.decode(), [key.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "a\n1\n",
        "a\n01\n" + "A" * 43 + "=\n",
        "a\n-1\n" + "A" * 43 + "=\n",
        "a b\n1\n" + "A" * 43 + "=\n",
        "a\n1\nAAAA\n",
        "a\n1\n" + "A" * 42 + "B=\n",
        "a\n1\n" + "A" * 43 + "=\nextension\n",
        "\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_a_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    """Two spellings of one size or root would be two notes for one tree."""
    with pytest.raises(InvalidInput):
        parse_checkpoint(text)


def test_signatures_of_strangers_are_ignored_and_do_not_suffice() -> None:
    """Witnesses add lines to a note; a stranger's line neither spoils nor carries it."""
    ours, stranger = new_signer_key(ORIGIN), new_signer_key(ORIGIN)

    assert verify_checkpoint(sign(HEAD, [stranger, ours]), [ours.verifier]) == HEAD
    with pytest.raises(SignatureRefused):
        verify_checkpoint(sign(HEAD, [stranger]), [ours.verifier])


def test_a_key_id_that_does_not_fit_is_refused() -> None:
    """A vkey copied wrongly must not name another key."""
    with pytest.raises(InvalidInput):
        parse_verifier_key(C2SP_KEY.replace("530d903a", "530d903b"))
    with pytest.raises(InvalidInput):
        parse_verifier_key(C2SP_KEY.replace("+Aek", "+Bek"))


@pytest.mark.parametrize(
    "secret", ["", "PRIVATE+KEY+", GO_SECRET[:-1], GO_SECRET.replace("c74f", "c74e"), GO_SECRET.removeprefix("PRIVATE+KEY+")]
)
def test_an_unusable_secret_is_refused_without_being_shown(secret: str) -> None:
    """Errors end in logs and on screens."""
    with pytest.raises(ConfigurationError) as refused:
        parse_signer_key(secret)

    assert "AYEKFALV" not in str(refused.value)


def test_a_rotation_is_signed_by_both_keys() -> None:
    """The old key vouches for the new one, and the new one shows that it is held."""
    old, new = new_signer_key(ORIGIN), new_signer_key(ORIGIN)

    data = rotation_data(origin=ORIGIN, old=old, new=new)

    statement = rotation_statement(origin=ORIGIN, old=old.verifier, new=new.verifier)
    assert data["old_vkey"] == old.verifier.text()
    for part, key in (("old", old.verifier), ("new", new.verifier)):
        signature = _decoded(data[f"{part}_signature"])
        assert key.verifies(signature, statement)
        assert not key.verifies(signature, statement + b"x")
        assert not VerifierKey(ORIGIN, new_signer_key(ORIGIN).verifier.public).verifies(signature, statement)


def _decoded(text: object) -> bytes:
    import base64  # noqa: PLC0415

    return base64.b64decode(str(text))
