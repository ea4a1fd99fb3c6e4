"""All cases, in the order of the table."""

from benchmarks.case import Case
from benchmarks.cases import air, jscc, ldpc, links, payload, qam

CASES: list[Case] = [*ldpc.CASES, *qam.CASES, *air.CASES, *links.CASES, *jscc.CASES, *payload.CASES]
