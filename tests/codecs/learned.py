"""The learned codecs, as small as they come, for the tests of what all of them share."""

from semjscc.codecs.adjscc import ADJSCC
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.deepjscc_mimo import DeepJSCCMIMO
from semjscc.codecs.deepjscc_q import DeepJSCCQ
from semjscc.codecs.swinjscc import SwinJSCC

SMALL = {
    "DeepJSCC": lambda weights=None: DeepJSCC(width=4, weights=weights),
    "ADJSCC": lambda weights=None: ADJSCC(width=8, weights=weights),
    "SwinJSCC": lambda weights=None: SwinJSCC(depths=(1, 1), weights=weights).eval(),
    "DeepJSCCMIMO": lambda weights=None: DeepJSCCMIMO(width=32, depth=1, weights=weights),
    "DeepJSCCQ": lambda weights=None: DeepJSCCQ(DeepJSCC(width=4), 6, weights=weights),
}
