"""The real reader, loaded once."""

import pytest

from nlp.reader import EncoderTextReader


@pytest.fixture(scope="session")
def text_reader() -> EncoderTextReader:
    """The shipped weights in fp32, so that readings are the same on every processor up to rounding."""
    return EncoderTextReader(precision="float32")
