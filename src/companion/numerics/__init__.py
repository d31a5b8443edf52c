"""Mathematics that knows no network: quadrature, linear algebra, sampling, rates."""
