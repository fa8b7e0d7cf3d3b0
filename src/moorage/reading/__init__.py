"""Reading an item: locate -> authorise -> read through cache -> serve."""
