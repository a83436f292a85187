"""Delivering: bytes and messages back to those who may have them."""
