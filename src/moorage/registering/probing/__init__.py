"""The steps of a probe: reach -> read -> write -> go round -> look at the bucket -> clean."""
