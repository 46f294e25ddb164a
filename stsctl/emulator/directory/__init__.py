"""Who and what there is: principals, policies and organizations, read out of moto."""
