"""Setting stsctl up on a machine: from what is found there to what is proposed. Pure."""
