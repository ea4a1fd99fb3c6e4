"""semjscc: captions, learned codes and JPEG behind LDPC on one differentiable radio."""

__version__ = "0.1.0"
