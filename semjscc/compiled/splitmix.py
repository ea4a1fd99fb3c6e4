"""The numbers that make SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), for its torch form and its compiled one."""

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio, odd
ROUNDS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1))  # x = (x ^ x >> shift) * factor
