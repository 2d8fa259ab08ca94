from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.windows import history, outlook, plan_windows


@st.composite
def lines(draw):
    free = draw(st.lists(st.booleans(), min_size=2, max_size=60))
    size = draw(st.integers(4, 16))
    places = st.integers(1, len(free) - 1)
    return free, size, draw(st.sets(places, max_size=3)), draw(st.sets(places, max_size=4))


@settings(max_examples=300, deadline=None)
@given(lines(), st.booleans())
def test_every_free_latent_is_filmed_once_from_what_is_already_there(line, ring):
    free, size, openings, breaks = line
    openings = set() if ring else openings
    done = [not value for value in free]
    for window in plan_windows(free, size, openings={0, *openings}, breaks=breaks, ring=ring):
        assert 1 <= len(window) <= size and window.new
        new = set(window.new)
        for index in range(window.start, window.stop):
            place = index if index < len(free) else index - len(free) + 1
            assert ring or index < len(free)
            # A window shows what is given or filmed, and films the rest of it: it never sees the unfilmed.
            assert done[place] != (index in new) or (ring and place in new)
        assert not any(window.start < opening < window.stop for opening in openings)
        assert not any(min(new) < place <= max(new) for place in breaks)
        assert window.reopened == (window.start not in {0, *openings})
        assert not window.reopened or min(new) > window.start  # there is a frame to open on
        for index in new:
            done[index] = True
    assert all(done)


def test_a_film_of_one_window_is_one_window():
    (window,) = plan_windows([True] * 13, 13)
    assert (window.start, window.stop, window.new, window.reopened) == (0, 13, tuple(range(13)), False)


def test_a_minute_sees_a_clean_past_in_every_window():
    windows = plan_windows([True] * 181, 13)
    assert len(windows) == 22 and max(map(len, windows)) == 13
    assert all(min(window.new) - window.start == history(13) == 5 for window in windows[1:])


def test_a_filling_sees_both_sides():
    free = [False] * 13 + [True] * 6 + [False] * 12
    windows = plan_windows(free, 13)
    assert sum(len(window.new) for window in windows) == 6
    last = windows[-1]
    assert last.start < 13 and last.stop - 19 >= outlook(13)


def test_a_ring_s_last_window_sees_the_beginning():
    windows = plan_windows([True] * 13, 13, breaks={8}, ring=True)
    assert [window.new for window in windows] == [tuple(range(8)), tuple(range(8, 13))]
    assert windows[-1].stop == 13 + outlook(13)
