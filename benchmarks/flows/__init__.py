"""What the rows on gradient flow share: their problems, their peers, and how errors are told."""
