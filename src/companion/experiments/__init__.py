"""Experiments, one folder per document: a frozen configuration in, a labelled dataset out."""
