"""Images and video, decoded in processes of their own."""
