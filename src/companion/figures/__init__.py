"""Pictures of labelled datasets: the only package that draws."""
