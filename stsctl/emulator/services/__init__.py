"""Every other service: what a request needs, what stands before moto, and moto."""
