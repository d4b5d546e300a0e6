"""A small town's day with a bit of everything, for whoever looks at what it asks a database."""

from tests.hub.corner import FISH_SHOP, GREENGROCER, KAWASAKI, Corner, Resident


def ordinary_day(town: Corner, hana: Resident) -> None:
    """Tickets issued, redeemed, lost and cleared; a hold, sales of all kinds; then the night."""
    counter = town.node(GREENGROCER, "2222", kind="counter", place="office")
    fish = town.node(FISH_SHOP)
    account = town.account(hana)
    lost, brought, stamped = (town.ticket(counter, hana, 200) for _ in range(3))
    town.redeem(fish, brought)
    town.put(fish)
    spent, asked = town.hold(fish, hana, 300)
    assert asked.granted
    fish.spend(hana.card, account, 300, town=KAWASAKI, hold=spent)
    town.put(fish)
    fish.reverse(fish.seq, 300, town=KAWASAKI)
    town.put(fish)
    stall = town.node(FISH_SHOP, "3333")
    town.feed(stall, available=400)
    for _ in range(3):
        stall.spend(hana.card, account, 20, town=KAWASAKI)
    town.put(stall)
    counter.open_pile(FISH_SHOP, town=KAWASAKI)
    town.clear(counter, stamped, FISH_SHOP)
    town.put(counter)
    town.lose(counter, hana, lost)
    town.asks_again(counter)
    town.asks_again(fish)
    town.asks_again(stall)
    town.night()
