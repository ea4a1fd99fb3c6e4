from semjscc.data.scenes import Scenes, agreement
from semjscc.training.ways import IDLE, Way, idle, ways

CAPTION = "A big red ball left of a small blue fish, both above a big pink cup, by the sea."
CAPTIONS = [Scenes("train").scene(index)[0].caption for index in range(300)]


def test_plain_speech_is_left_as_it_stands():
    assert Way()(CAPTION) == CAPTION


def test_a_way_says_the_facts_behind_its_fillers():
    assert Way(2, IDLE, "so")(CAPTION) == "so so big red ball left small blue fish above big pink cup sea"
    assert Way(1, ("both",))(CAPTION) == (
        "both a big red ball left of a small blue fish above a big pink cup by the sea"
    )


def test_no_way_loses_a_fact():
    for way in ways(CAPTIONS, IDLE, 29):
        assert all(agreement(text, way(text)) == 1 for text in CAPTIONS)


def test_idle_words_are_those_that_tell_nothing():
    assert idle(CAPTIONS, agreement) == IDLE
    assert idle(["red ball", "a ball"], lambda sent, heard: float(sent.split()[-1] in heard)) == ("a", "red")


def test_no_caption_becomes_longer_than_is_allowed():
    longest = [max(len(way(text).split()) for text in CAPTIONS) for way in list(ways(CAPTIONS, IDLE, 25))[1:]]
    assert max(longest) == 25
    assert {way.filler for way in ways(CAPTIONS, IDLE, 25)} == {"both"}
