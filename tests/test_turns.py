import pytest

from index import QuestionError
from ui.turns import Turns


def test_first_come_first_served() -> None:
    turns = Turns()
    with turns.place() as first, turns.place() as second:
        third = turns.place()
        before = third.__enter__()
        assert (first(), second(), before()) == (0, 1, 2)
        third.__exit__(None, None, None)
        assert second() == 1
    with turns.place() as next_one:
        assert next_one() == 0


def test_who_leaves_makes_room_also_after_an_error() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="broken"), turns.place():
        raise ValueError("broken")
    with turns.place() as before:
        assert before() == 0


def test_too_many_are_told() -> None:
    turns = Turns(waiting=1)
    with turns.place(), turns.place():
        with pytest.raises(QuestionError, match="1 questions wait"), turns.place():
            pass
        # Who was turned away does not count.
        with pytest.raises(QuestionError), turns.place():
            pass
    with turns.place() as before:
        assert before() == 0


def test_the_limit_of_a_minute_is_each_readers_own() -> None:
    turns = Turns(a_minute=2)
    assert [bool(turns.wait("a")) for _ in range(3)] == [False, False, True]
    assert turns.wait("b") == ""
    assert "More than 2 questions" in turns.wait("a")
