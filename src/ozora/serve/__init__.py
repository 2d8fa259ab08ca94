"""The Videos API: ten operations for the clients that already exist, durable jobs, workers that come back.

    wire/     bytes to wishes and jobs to objects: the contract, and nothing of the machine behind it
    store/    the one place that talks to the database
    render/   who films an order, and how a film becomes the file that was asked for
    routes/   operations, each a few lines between wire and store

Import what you need from its module: nothing heavy is imported here.
"""
