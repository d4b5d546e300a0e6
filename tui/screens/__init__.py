"""One screen a job: what staff do at the counter."""
