"""What goes over the wire: requests, signatures, answers and refusals, in each of AWS's protocols."""
