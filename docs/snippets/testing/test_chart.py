from playwright.sync_api import expect


def test_the_chart_shows_prices_and_comes_back(stomp_page):
    broker, page = stomp_page.broker, stomp_page.page
    stomp_page.goto("/")
    broker.wait_subscribed("/topic/prices", timeout=60)  # Python has to load first
    broker.publish("/topic/prices", {"eur": 1.08})
    expect(page.locator("#price")).to_have_text("1.0800")

    broker.restart()
    broker.wait_subscribed("/topic/prices", timeout=60)
    broker.publish("/topic/prices", {"eur": 1.09})
    expect(page.locator("#price")).to_have_text("1.0900")
