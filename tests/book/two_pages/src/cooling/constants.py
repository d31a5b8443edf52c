"""What both the law and its reader need to agree on."""

RATE = 0.5
