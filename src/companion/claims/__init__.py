"""What the documents say: the ledger of verdicts, and the right-hand sides of theorems."""
