"""Paper B's figures, and what each of our changes to its scheme is worth."""
