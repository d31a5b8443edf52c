"""One module per document: what its theorems, as corrected, say about a given network."""
