"""Where it happens: two towns, three shops, and floats that a simulated week reaches."""

from sync.policy import Policy
from sync.values import MunicipalityCode, OrganisationId
from tests.doubles.clocks import at

KAWASAKI = MunicipalityCode("141305")
TOSHIMA = MunicipalityCode("131164")
TOWNS = (KAWASAKI, TOSHIMA)
SHOPS = (
    OrganisationId("141305-B2108"),
    OrganisationId("141305-B2109"),
    OrganisationId("131164-C1001"),
)
OFFICE = OrganisationId("141305-A1001")
"""The town's own: it has the ticket counter where the shops' piles are cleared."""
START = at("2025-04-01 09:00")
"""A thousand days later the holidays are still known: a bank file needs them for its day."""
ORIGIN = "https://hub.test"
FLOATS = Policy(float_points=2_500, ticket_float=1_500)
