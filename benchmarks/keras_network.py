"""The default classifier in Keras, which the scripts of this folder train in the environment of the rivals."""

import keras


def network(n_rows: int, vector_size: int, hidden_size: int, dropout: float) -> keras.Model:
    """Return the compiled network, whose layer `vectors` has `n_rows`; row 0 is padding. Dropout is of the vectors."""
    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(n_rows, vector_size, mask_zero=True, name="vectors")(ids)
    x = keras.layers.SpatialDropout1D(dropout)(x)
    x = keras.layers.Bidirectional(keras.layers.LSTM(hidden_size, return_sequences=True))(x)
    pooled = [keras.layers.GlobalMaxPooling1D()(x), keras.layers.GlobalAveragePooling1D()(x)]
    model = keras.Model(ids, keras.layers.Dense(1)(keras.layers.Concatenate()(pooled)))
    model.compile(keras.optimizers.Adam(global_clipnorm=1.0), keras.losses.BinaryCrossentropy(from_logits=True))
    return model
