from ui.pace import Pace, Preparing


def test_the_rest_goes_as_fast_as_what_was_seen() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    first = pace.at("reading the article", 400, 1000)
    assert str(first) == "Reading the article, 40%"
    now[0] = 0.5
    assert pace.at("reading the article", 500, 1000).left is None
    now[0] = 4.0
    later = pace.at("reading the article", 600, 1000)
    assert later.left == 8
    assert str(later) == "Reading the article, 60%, about 8 s left"


def test_other_work_is_timed_anew() -> None:
    now = [0.0]
    pace = Pace(lambda: now[0])
    pace.at("joining the model", 0, 10)
    now[0] = 2.0
    assert pace.at("joining the model", 10, 10).left == 0
    assert pace.at("checking the model", 5, 10).left is None
    now[0] = 5.0
    assert pace.at("checking the model", 5, 10).left is None
    assert pace.at("nothing to do", 0, 0).part == 1


def test_what_is_prepared_is_there_to_be_shown() -> None:
    preparing = Preparing()
    assert preparing.work is None
    preparing.show("reading the article", 1, 4)
    assert preparing.work is not None
    assert preparing.work.part == 0.25
