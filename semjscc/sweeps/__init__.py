"""Sweeps that can be killed, gone on with, extended and shared: what evaluate.py does.

:mod:`axes` makes systems of values, :mod:`identity` says what a figure depends on, :mod:`store` keeps rows as they are
done, :mod:`work` does what is missing of one system, and :mod:`run` goes through them all.
"""
