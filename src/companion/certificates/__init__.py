"""Which theorem speaks about a given network on given data, and what it promises."""
