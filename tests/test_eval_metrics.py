import numpy as np
import pytest

from eval import gate
from eval.metrics import Rate, contains, estimate, f1, holm, paired, resampled, seconds


def test_an_alias_is_contained_in_words_not_in_letters() -> None:
    assert contains("It is in the North of Sweden.", "north of sweden")
    assert contains("It costs £2, no more.", "2")
    assert not contains("Swedenborg wrote it.", "Sweden")
    assert not contains("Anything", "")
    assert not contains("Anything", "the")


def test_f1_counts_repeated_words_once_each() -> None:
    assert f1("ice ice ice", "ice") == pytest.approx(0.5)
    assert f1("fire", "ice") == 0.0


def test_a_rate_without_cases_is_none() -> None:
    assert str(Rate.of([])) == "no cases"
    assert str(Rate.of([True, False])) == "50% (1/2)"
    assert seconds([]) == "no cases"
    assert seconds([1.0, 2.0, 9.0]) == "2.0 / 9.0 s (n=3)"


def test_an_interval_is_wilsons_where_every_case_has_its_own_article() -> None:
    found = estimate([1.0] * 8 + [0.0] * 2, [str(i) for i in range(10)])
    assert found is not None
    # Wilson's interval of 8 of 10 is .490 to .943; ten clusters of one widen it by 10/9.
    assert (found.value, found.n) == (0.8, 10)
    assert found.low == pytest.approx(0.490, abs=0.03)
    assert found.high == pytest.approx(0.943, abs=0.03)


def test_cases_of_one_article_that_agree_make_the_interval_wider() -> None:
    values = [1.0] * 10 + [0.0] * 10
    alone = estimate(values, [str(i) for i in range(20)])
    together = estimate(values, ["a"] * 5 + ["b"] * 5 + ["c"] * 5 + ["d"] * 5)
    assert alone is not None
    assert together is not None
    assert together.high - together.low > 1.5 * (alone.high - alone.low)


def test_nothing_has_no_estimate_and_certainty_has_an_interval() -> None:
    assert estimate([], []) is None
    sure = estimate([1.0] * 20, [str(i % 4) for i in range(20)])
    assert sure is not None
    assert (sure.value, sure.high) == (1.0, 1.0)
    assert 0.8 < sure.low < 0.9


def test_a_bootstrap_is_the_same_each_time_and_covers_its_value() -> None:
    items = [1, 0, 1, 1, 0, 1, 1, 1]
    groups = list("aabbccdd")
    first = resampled(items, groups, lambda found: sum(found) / len(found))
    assert first == resampled(items, groups, lambda found: sum(found) / len(found))
    assert first is not None
    assert first.low <= first.value <= first.high
    assert resampled(items, groups, lambda found: None) is None


def test_mcnemar_is_exact_and_a_change_in_one_case_is_no_news() -> None:
    before = {str(i): 1.0 for i in range(20)}
    clusters = dict.fromkeys(before, "a")
    one = {**before, "0": 0.0}
    assert paired(before, one, clusters) == 1.0
    ten = {**before, **{str(i): 0.0 for i in range(10)}}
    assert paired(before, ten, clusters) == pytest.approx(2 / 2**10)
    assert paired(before, before, clusters) == 1.0


def test_shares_are_compared_by_a_bootstrap_over_articles() -> None:
    before = {str(i): 0.75 for i in range(24)}
    clusters = {str(i): str(i // 2) for i in range(24)}
    lower = dict.fromkeys(before, 0.5)
    assert paired(before, lower, clusters) < 0.001
    rng = np.random.default_rng(3)
    noise = {i: v + float(rng.choice([-0.25, 0.25])) for i, v in before.items()}
    assert paired(before, noise, clusters) > 0.05


def test_few_articles_make_nothing_sure() -> None:
    before = {str(i): 0.75 for i in range(24)}
    lower = dict.fromkeys(before, 0.5)
    assert paired(before, lower, dict.fromkeys(before, "a")) == 1.0
    three = {str(i): str(i % 3) for i in range(24)}
    assert paired(before, lower, three) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("text", "alias", "there"),
    [
        ("It sold 240,000 books.", "240", False),
        ("It sold 240,000 books.", "240,000", True),
        ("It rose by 12.5 per cent.", "12", False),
        ("It cost 2.6 million.", "2.6 million", True),
        ("By 7-5, the council said.", "7-5", True),
        ("The driver's van.", "driver", True),
    ],
)
def test_a_number_is_whole(text: str, alias: str, there: bool) -> None:
    assert contains(text, alias) is there


def test_many_comparisons_are_held_to_more() -> None:
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.5})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.08, "c": 0.5})


def test_the_gate_is_fitted_on_other_articles_and_its_report_has_counts() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(80) % 2 == 0
    noise = rng.normal(0, 0.5, (80, len(gate.SIGNALS)))
    values = noise + labels[:, None] * np.array([-2.0, 0.0, 0.0, 0.0, 1.0])
    groups = np.array([f"article {i // 4}" for i in range(80)])
    sets = np.array(["dev"] * 80)
    lines = gate.report(values, labels, groups, sets)
    rows = [line.split(" | ") for line in lines if " | all " in line]
    areas = {name: float(rates.split()[-1]) for name, rates in rows}
    assert areas["refusal"] > 0.9
    assert areas["refusal"] > areas["supported"] + 0.2
    (balanced,) = [line for line in lines if line.endswith("balanced")]
    assert "/40)" in balanced
    fits = [line for line in lines if line.startswith("fit")]
    assert [line for line in fits if "refusal -" in line]
    assert fits[0].startswith("fit: answerable ")
    values[:, [gate.SIGNALS.index(name) for name in ("answerable", "supported")]] = 0.0
    unjudged = gate.report(values, labels, groups, sets)
    assert not [line for line in unjudged if "answerable" in line]
