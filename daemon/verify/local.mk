# Layer: see daemon/LAYERS.
