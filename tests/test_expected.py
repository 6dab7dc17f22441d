import pytest

from assistant.expected import suits


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many stalls were open?", "About forty of them were."),
        ("How many people came?", "Most of the village came."),
        ("How many people came?", "Most residents came."),
        ("How many jobs went in 2019?", "In 2019 the yard cut 300 jobs."),
        ("How many houses were built?", "The town built 2000 houses."),
        ("How deep is the shaft?", "The shaft goes down 40 metres."),
        ("How deep is the shaft?", "It is 12 fathoms deep."),
        ("How deep are the cuts?", "They come to 15 percent."),
        ("How far did the walkers get?", "They got half of the way."),
        ("How long was the pool shut?", "It was shut from 1990 to 1994."),
        ("How old is the mayor?", "She was born in 1970."),
        ("At what age did he retire?", "He retired at 61."),
        ("What does a ticket cost?", "A ticket is 84 crowns."),
        ("What does a ticket cost?", "According to the council, children travel free."),
        ("What was the price of the field?", "It went for $9,000."),
        ("What did the strike cost?", "The strike took 12 percent of the year's sales."),
        ("When does it open?", "It opens on 3 March."),
        ("When does it open?", "It opens at 10."),
        ("When did it open?", "It opened in 1904."),
        ("What time of day do they sleep?", "They lie down at 1.30 p.m. for 30 minutes."),
        ("Until what year was it open?", "It was open until 1994."),
        ("In what year did it open?", "It opened a decade ago."),
        ("By how much did the price rise?", "It rose 12 percent."),
        ("What share of the town can swim?", "Two in five can swim."),
        ("What number of stalls were open?", "About forty of them were."),
        ("What share of the land is forest?", "A fifth of the land is forest."),
        ("What share did the Danish firm sell?", "It sold its stake in the brewery."),
        ("Which drug, when combined with alcohol, is dangerous?", "Sleeping pills are."),
        ("When the ferry sank, who was in command?", "Petersen commanded it that day."),
        ("Which century-old church was destroyed?", "St Olof's was."),
        ("Which day care closed?", "The one at the harbour closed."),
        ("What did the high cost force residents to do?", "They moved away."),
        ("Who sings?", "The baker sings."),
        ("Who founded the choir?", "Two bakers founded the choir in 1986."),
        ("Is the ferry free?", "The ferry is free."),
        ("What does it cost them?", "Their good name."),
        ("Wie viele kamen?", "Rund 300 Leute."),
    ],
)
def test_an_answer_of_the_kind_asked_for_suits(question: str, sentence: str) -> None:
    assert suits(question, sentence, "de" if question.startswith("Wie") else "en")


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How many stalls were open?", "The stalls were open in June 2019."),
        ("What time of day do they sleep?", "The study found 164 people."),
        ("When did they stop hiring?", "The factory is 40 kilometres from the town."),
        ("How many stalls were open?", "They opened at half past six on 4 May."),
        ("How late are the trains?", "The service was withdrawn in 2018."),
        ("How deep is the shaft?", "The shaft holds 60 tonnes of coal."),
        ("How deep is the shaft?", "The shaft is near the mill."),
        ("At what age did he retire?", "He retired to the coast."),
        ("What does a ticket cost?", "A ticket is sold on 3 days."),
        ("What will the fare be?", "Buses leave from the harbour."),
        ("What is the fare on the night bus?", "The night bus was withdrawn in December 2014."),
        ("When does it open?", "It opens for members."),
        ("Until what year was it open?", "It was open to members."),
        ("In what year did it open?", "It opened during the war."),
        ("How many stalls were open?", "The stalls are said to be most popular."),
        ("How much money did they give?", "They gave money as part of the 2015 treaty."),
        ("In 2019, how many stalls were open?", "The stalls were open in 2019."),
        ("By how much did the price rise?", "The price rose in June."),
        ("What share of the town can swim?", "The town can swim in the lake."),
        ("What does it cost a child to swim?", "A child pays an entrance fee to swim."),
        ("Which brewery pays for the library?", "The brewery pays for the library."),
        ("Who founded the choir?", "The choir was founded in 1986."),
        ("Welche Brauerei zahlt für die Bücherei?", "Die Brauerei zahlt für die Bücherei."),
    ],
)
def test_an_answer_of_another_kind_does_not(question: str, sentence: str) -> None:
    assert not suits(question, sentence, "de" if question.startswith("Welche") else "en")
