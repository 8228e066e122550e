"""Recordings that are drawn: pictures of random people, seen by the real nets, with exact truth."""
