"""The STOMP console: what runs in web/index.html.

==========  ==============================================================
bodies      octets as text, JSON or hex                       no browser
headers     lines of `name: value`                            no browser
history     the bounded list of messages, and what Pause holds  no browser
words       states and errors in words                        no browser
link        one connection: its client and its subscriptions  no browser
dom         the page: elements, listeners, frames
grid        the virtual list of messages
detail      the one message that is looked at
app         main(): joins them
==========  ==============================================================
"""
