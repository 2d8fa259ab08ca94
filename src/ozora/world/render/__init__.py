"""The renderer: sky, ground, soft bodies, weather and the grade, as plain PyTorch on component-first tensors."""
