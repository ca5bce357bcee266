# What this folder makes.
