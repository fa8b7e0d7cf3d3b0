"""What all HTTP faces share: principal, ranges, problems."""
