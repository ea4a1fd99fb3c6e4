from fractions import Fraction

import pytest

from semjscc.phy.mcs import MCS


@pytest.mark.parametrize("words", ["4-QAM 1/3", "16-QAM 2/3", "1024-QAM 5/6"])
def test_a_mode_is_what_it_says(words):
    assert str(MCS.parse(words)) == words
    assert MCS.parse("64-QAM 3/4") == MCS(6, Fraction(3, 4))


@pytest.mark.parametrize("words", ["", "QAM 1/2", "6-QAM 1/2", "1-QAM 1/2", "16-QAM", "16-QAM 0.5", "16-QAM 1/0"])
def test_what_is_no_mode_is_refused(words):
    with pytest.raises(ValueError, match=r"such as '16-QAM 2/3', not"):
        MCS.parse(words)
