"""Where inputs live: configurations of points and the sphere."""
