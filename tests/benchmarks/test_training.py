from benchmarks.training import measured, papers_link


def test_a_step_over_the_papers_link_is_set_against_one_over_awgn():
    found = measured(papers_link(), 3, batch=2, side=32)
    assert found["uma_s"] > 0
    assert found["awgn_s"] > 0
    assert found["ratio_low"] <= found["ratio"] <= found["ratio_high"]
