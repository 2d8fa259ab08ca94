"""The renderer: sky, ground, soft bodies, weather and the grade, in plain PyTorch, components first."""
